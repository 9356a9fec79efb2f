#!/bin/sh
# start.sh projection|cache [SETTING ...]: make the user list from the secrets, then become the
# server. Valkey takes SHA-256 hashes, so no password is written or seen in a process list.
set -eu

here=$(dirname "$0")
role="$1"
shift
users="${TMPDIR:-/tmp}/users.acl"
umask 077
cp "$here/$role.acl" "$users"
for file in "${SECRETS:-/run/secrets}"/*_password; do
    name=$(basename "$file")
    hash=$(printf '%s' "$(cat "$file")" | sha256sum | cut -d ' ' -f 1)
    sed -i "s/@$name@/$hash/" "$users"
done
if grep -q '@[a-z_]*_password@' "$users"; then
    echo "error: $role.acl names a password that is not among the secrets" >&2
    exit 1
fi
exec valkey-server "$here/$role.conf" --aclfile "$users" "$@"
