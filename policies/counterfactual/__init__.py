"""What if they were of another group, or the modelled disparities were gone?"""
