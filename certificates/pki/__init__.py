"""Certificates as such: keys, CSRs, profiles, issuing, revocation, PFX. Knows no Django.

Clock, serial numbers and keys come in as arguments. What is refused is refused by a class
of `refusals`, with a sentence for people.
"""
