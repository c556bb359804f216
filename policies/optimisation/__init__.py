"""Allocation by mathematical programming: a fluid plan of the next hours, solved by HiGHS."""
