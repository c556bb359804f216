"""Whose lives the page Patients shows, and what it says of them; no panel here, everything runs in a worker.

cohort     many people with a risk each, in groups and bands; one person with facts, a course and reasons
residents  the people of a scenario with a population, in one run
records    profiles in a file: the shipped library, or an upload
cardiac    heart patients with a risk model and thresholds
told       exhibits of a cohort
offered    who of a cohort can be looked at
one_told   exhibits of a person
drawn      their charts
tasks      what the pool is asked to do
"""
