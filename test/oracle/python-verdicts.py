"""Says what Python makes of rules: reads {"rules": [...], "records": [...]} and writes a row of 0 and 1 for each rule."""

import builtins
import json
import sys
import warnings

ALLOWED = "abs all any bool float int len max min round sorted str sum".split()
NAMESPACE = {"__builtins__": {name: getattr(builtins, name) for name in ALLOWED}}


def flatten(value, path, flat):
    """Leaves by their dotted path, list indexes as .0.; an empty object or list leaves nothing."""
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    else:
        flat[path] = value
        return flat
    for key, item in pairs:
        flatten(item, f"{path}.{key}" if path != "" else str(key), flat)
    return flat


def verdict(code, flat):
    """The older module logs an exception and goes on: the rule does not match."""
    try:
        return eval(code, NAMESPACE, {"event": flat}) is True
    except Exception:
        return False


def row(rule, flats):
    """One character for each record; "!" alone when Python cannot even read the rule."""
    try:
        code = compile(rule.lstrip(), "<rule>", "eval")
    except (SyntaxError, ValueError):
        return "!"
    return "".join("1" if verdict(code, flat) else "0" for flat in flats)


warnings.simplefilter("ignore")
question = json.load(sys.stdin)
flats = [flatten(record, "", {}) for record in question["records"]]
json.dump([row(rule, flats) for rule in question["rules"]], sys.stdout)
