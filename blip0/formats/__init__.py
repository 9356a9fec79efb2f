"""`FORMAT_MODULE_PATH`: how templates and the admin write what they format themselves."""
