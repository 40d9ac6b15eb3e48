"""The doors of the product: pages, JSON API and MCP over one live engine.

May import corpus, index and qa. Must not know eval, which only leaves a report for it to show.
"""
