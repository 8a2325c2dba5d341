"""HTTP: requests in, records out, refusals as RFC 9457 problem details."""
