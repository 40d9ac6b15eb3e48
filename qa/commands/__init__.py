"""The commands of `rcm-qa`, a module for each family; nothing is imported before it is asked for."""
