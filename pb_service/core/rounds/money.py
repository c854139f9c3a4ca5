"""Money is an integer of minor units everywhere; only its written form has a decimal point."""


def decimal_text(minor: int, unit: int) -> str:
    """Return an amount in currency units, as short as exact: 4000 of unit 100 is ``40``, 4050 is ``40.5``.

    ``unit`` is a power of ten, the minor units in one currency unit.
    """
    whole, rest = divmod(abs(minor), unit)
    decimals = str(rest).zfill(len(str(unit)) - 1).rstrip("0")
    return f"{'-' if minor < 0 else ''}{whole}" + (f".{decimals}" if decimals else "")
