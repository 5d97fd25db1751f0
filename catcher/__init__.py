"""The webhook catcher: a receiver for tests, which shows what the DIP sent it.

A small site of its own, no part of a portal: it has no database, and no secret but its own.
"""
