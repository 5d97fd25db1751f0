"""What runs the portal: the entry points of `make run` and of the containers."""
