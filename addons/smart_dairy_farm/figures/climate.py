"""Barn climate."""


def thi(temperature, humidity):
    """Temperature-humidity index.

    :param temperature: dry-bulb temperature in °C
    :param humidity: relative humidity in %
    :source: NRC (1971), (1.8T+32) − (0.55−0.0055·RH)·(1.8T−26)
    """
    fahrenheit = 1.8 * temperature + 32
    return fahrenheit - (0.55 - 0.0055 * humidity) * (fahrenheit - 58)
