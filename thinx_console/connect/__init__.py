"""How devices reach this console, and the CA they are to trust: a page and two public files."""
