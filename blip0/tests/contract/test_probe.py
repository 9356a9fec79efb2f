import pytest
from blip0.testing.gunicorn import gunicorn
from blip0.testing.live import bearer, call
def test_up(write_through, acme, tmp_path):
    with gunicorn(tmp_path) as url:
        h = bearer(url, "ana@acme.test")
        r = call("GET", url+"/api/v1/me", **h)
        print(r.status, r.headers, r.body)
        print((tmp_path/"web.log").read_text()[-2000:])
