"""The HVCA REST API of the simulated Atlas, at /v2: what the DIP and public clients speak.

Paths, verbs, fields and status codes are those that public clients use (docs/atlas.md).
"""
