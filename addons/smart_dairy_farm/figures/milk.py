"""Figures of one quantity of milk: kg and mass percent; an unknown component gives ``None``."""

from math import log2


def fcm(milk, fat_percent):
    """4 % fat corrected milk in kg (Gaines 1928): 0.4·M + 15·F with F in kg."""
    if milk is None or fat_percent is None:
        return None
    return 0.4 * milk + 15 * milk * fat_percent / 100


def ecm_ifcn(milk, fat_percent, protein_percent):
    """Energy corrected milk in kg at 4.0 % fat and 3.3 % protein (IFCN)."""
    if None in (milk, fat_percent, protein_percent):
        return None
    return milk * (0.383 * fat_percent + 0.242 * protein_percent + 0.7832) / 3.1138


def ecm_nordic(milk, fat_percent, protein_percent):
    """Energy corrected milk in kg, 3.14 MJ/kg (Sjaunja 1990, as used by the Nordic cattle evaluation)."""
    if None in (milk, fat_percent, protein_percent):
        return None
    return milk * (383 * fat_percent + 242 * protein_percent + 780.8) / 3140


ECM = {"ifcn": ecm_ifcn, "nordic": ecm_nordic}


def scs(scc):
    """Somatic cell score, log₂(SCC/100,000) + 3 (Ali & Shook 1980); ``None`` when unknown or 0.

    :param scc: somatic cells per ml (a milk record stores thousands: multiply by 1,000)
    """
    if not scc or scc < 0:
        return None
    return log2(scc / 100_000) + 3


def snf(lactometer, fat_percent, k=0.44):
    """Solids-not-fat in % (Richmond, South Asian form): CLR/4 + 0.25·F + k.

    :param lactometer: corrected lactometer reading (CLR)
    :param k: the union's constant: 0.14, 0.36, 0.44 or 0.72
    """
    return lactometer / 4 + 0.25 * fat_percent + k


def geometric_mean(values):
    """Geometric mean of the positive values (SCC limit of EU 853/2004), ``None`` when there are none."""
    logs = [log2(value) for value in values if value and value > 0]
    return 2 ** (sum(logs) / len(logs)) if logs else None


def litres(kilograms, density=1.03):
    """Litres for display; :param density: kg per litre."""
    return kilograms / density
