"""The Open Build Service: a client through osc's library, and a private server of one's own."""
