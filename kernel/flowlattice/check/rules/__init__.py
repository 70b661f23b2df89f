"""The rules, one module each; the package is listed, so a new module is a new rule."""
