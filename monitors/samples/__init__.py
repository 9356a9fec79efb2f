"""OpenZeppelin Monitor files of our own: what the demo tenant watches."""
