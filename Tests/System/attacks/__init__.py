"""Attacks, and the answer each of them must get. Every test is named after the id of its attack."""
