import pytest

from blip0.common.keccak import keccak_256


@pytest.mark.parametrize(
    ("data", "start"),
    [
        (b"", "c5d2460186f7233c927e7db2dcc703c0"),
        (b"transfer(address,uint256)", "a9059cbb"),
        (b"Transfer(address,address,uint256)", "ddf252ad1be2c89b69c2b068fc378daa"),
        (b"The quick brown fox jumps over the lazy dog", "4d741b6f1eb29cb2a9b9911c82f56fa8"),
    ],
)
def test_keccak__known_text__has_its_known_digest(data, start):
    assert keccak_256(data).hex().startswith(start)


def test_keccak__lengths_around_a_block__differ_and_have_32_bytes():
    digests = {keccak_256(b"a" * length) for length in (134, 135, 136, 137, 272)}

    assert len(digests) == 5
    assert {len(digest) for digest in digests} == {32}
