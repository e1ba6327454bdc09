"""Second factors: enrolling, asking, removing them, and what a session has proved.

django-otp is the only store of factors. Import from the module of the topic.
"""
