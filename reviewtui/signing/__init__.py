"""Bytes in, signatures out: DSSE envelopes, SSH and OpenPGP signatures, and whose keys they are."""
