"""The guided tour: a lesson in steps, done in the real panels."""
