"""How good are the answers: judged questions, runs, measures, statistics, reports, calibration.

Imports from `corpus`, `index` and `qa`; knows nothing of `web`.
"""
