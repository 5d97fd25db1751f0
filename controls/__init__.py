"""Test controls of an environment: faults on purpose, and the test clock. Knows nobody above it."""
