"""What this app keeps in the cache's Redis. Nothing here raises where that Redis is away."""
