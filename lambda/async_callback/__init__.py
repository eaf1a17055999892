"""Deliver results of asynchronous blueprints to a table and a webhook."""
