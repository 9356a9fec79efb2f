#!/bin/sh
# Make docker/secrets/ with random values, once: what is there stays as it is.
# Usage: docker/secrets.sh [FOLDER]
#
# The folder is closed to others on this machine. The files in it are readable, because a container
# mounts them one by one and its process is not their owner.
set -eu

folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

keep_or_write() { # NAME VALUE
    [ -s "$folder/$1" ] || printf '%s\n' "$2" > "$folder/$1"
}
random() { # BYTES, as hexadecimal digits
    od -An -v -tx1 -N "$1" /dev/urandom | tr -d ' \n'
}
stored() {
    cat "$folder/$1"
}

for name in secret_key script_signing_key metrics_token; do
    keep_or_write "$name" "$(random 48)"
done
for name in postgres_password projection_password runtime_password cache_password; do
    keep_or_write "$name" "$(random 24)"
done
for name in sealing_keys jwt_keys; do
    keep_or_write "$name" "k1:$(head -c 32 /dev/urandom | base64 | tr -d '\n')"
done
keep_or_write database_url "postgres://blip0:$(stored postgres_password)@postgres:5432/blip0"
keep_or_write redis_projection_url \
    "redis://control-plane:$(stored projection_password)@redis-projection:6379/0"
keep_or_write redis_cache_url "redis://control-plane:$(stored cache_password)@redis-cache:6379/0"
keep_or_write celery_broker_url "redis://control-plane:$(stored cache_password)@redis-cache:6379/1"
keep_or_write email_url "consolemail://"
