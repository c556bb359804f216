"""Studies: many scenarios, shifts and policies, frozen beforehand, judged once, told from what was kept."""
