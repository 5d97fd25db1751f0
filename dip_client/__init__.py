"""A small command-line client of the DIP's API: keys, certificates, signatures, calls.

`python -m dip_client --help` lists what it does. Knows no Django; the signature is
`channels.wire`, as the DIP judges it.
"""
