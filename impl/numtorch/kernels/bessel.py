"""Modified Bessel functions of the first kind over raw arrays.

By Chebyshev series, as PyTorch has them: of I_n(x) * exp(-x) up to 8, and of that times the root of x beyond; in the precision
of the operand, where each step rounds as a fused multiplication and addition does. So I_0(0) is 0.99999994 in single
precision, which programs see. (Rejected: an integral in double precision, which was nearer to the
functions and further from PyTorch.) The coefficients were computed from the functions with 40 digits.
"""

from __future__ import annotations

from typing import Any

from ..plain_numpy import np

Array = Any
_SPLIT = 8.0  # where one series ends and the other begins

# fmt: off
_NEAR_0 = (
    -4.4153416464793395e-18, 3.3307945188222384e-17, -2.4312798465479549e-16, 1.7153912855551331e-15,
    -1.1685332877993451e-14, 7.6761854986049361e-14, -4.856446783111929e-13, 2.9550526631296399e-12,
    -1.7268262914415559e-11, 9.675809035373237e-11, -5.1897956016352627e-10, 2.6598237246823866e-9,
    -1.300025009986248e-8, 6.0469950225419186e-8, -2.6707938539406119e-7, 1.1173875391201037e-6,
    -4.4167383584587505e-6, 1.6448448070728896e-5, -5.754195010082104e-5, 0.00018850288509584165,
    -0.00057637557453858236, 0.0016394756169413357, -0.0043243099950505759, 0.010546460394594998,
    -0.023737414805899471, 0.049305284239670712, -0.094901097048047639, 0.17162090152220877,
    -0.3046826723431984, 0.67679527440947607,
)
"""exp(-x) I_0(x) by x / 2 - 2, from the highest degree to the lowest."""
_FAR_0 = (
    -7.2331804878747538e-18, -4.8305044859441819e-18, 4.4656214202967598e-17, 3.4612228676974612e-17,
    -2.8276239805165836e-16, -3.425485619677219e-16, 1.7725601330565263e-15, 3.8116806693526224e-15,
    -9.5548466988283073e-15, -4.1505693472872222e-14, 1.54008621752141e-14, 3.8527783827421426e-13,
    7.180124451383666e-13, -1.7941785315068062e-12, -1.3215811840447713e-11, -3.1499165279632416e-11,
    1.1889147107846439e-11, 4.9406023882249701e-10, 3.3962320257083865e-9, 2.266668990498178e-8,
    2.0489185894690638e-7, 2.8913705208347567e-6, 6.8897583469168245e-5, 0.0033691164782556943,
    0.80449041101410879,
)
"""exp(-x) I_0(x) sqrt(x) by 32 / x - 2."""
_NEAR_1 = (
    2.7779141127610464e-18, -2.111421214358166e-17, 1.5536319577362005e-16, -1.1055969477353862e-15,
    7.6006842947354077e-15, -5.0421855047279118e-14, 3.2237933659455748e-13, -1.9839743977649436e-12,
    1.1736186298890901e-11, -6.6634897235020271e-11, 3.6255902815521172e-10, -1.8872497517228294e-9,
    9.3815373864957726e-9, -4.4450591287963281e-8, 2.0032947535521353e-7, -8.5687202646954547e-7,
    3.4702513081376785e-6, -1.3273163656039436e-5, 4.7815651075500542e-5, -0.00016176081582589674,
    0.00051228595616857576, -0.0015135724506312532, 0.0041564229443128882, -0.010564084894626197,
    0.024726449030626516, -0.052945981208094989, 0.10264365868984709, -0.17641651835783406,
    0.25258718644363365,
)
"""exp(-x) I_1(x) / x"""
_FAR_1 = (
    7.5172963108421052e-18, 4.4143483230717077e-18, -4.6503053684893586e-17, -3.2095259219934238e-17,
    2.9626289976459501e-16, 3.3082023109209285e-16, -1.8803547755107825e-15, -3.8144030724370075e-15,
    1.0420276984128802e-14, 4.272440016711951e-14, -2.1015418427726643e-14, -4.0835511110921974e-13,
    -7.1985517762459084e-13, 2.0356285441470896e-12, 1.4125807436613782e-11, 3.2526035830154884e-11,
    -1.8974958123505413e-11, -5.5897434621965838e-10, -3.835380385964237e-9, -2.6314688468895196e-8,
    -2.5122362378702088e-7, -3.8825648088776906e-6, -0.00011058893876262371, -0.0097610974913614687,
    0.77857623501828011,
)
"""exp(-x) I_1(x) sqrt(x)"""
# fmt: on

_SINGLE = {_NEAR_1: 17, _FAR_1: 7}
"""How many terms PyTorch has of a series in single precision; of others all."""


def _wide(x: np.ndarray) -> np.ndarray:
    """The numbers in a type in which a product is exact, or nearly so."""
    return x.astype(np.float64 if x.dtype == np.float32 else np.longdouble)


def _series(y: np.ndarray, coefficients: tuple[float, ...]) -> np.ndarray:
    """The sum of Chebyshev polynomials of y / 2, by Clenshaw's recurrence."""
    kind = y.dtype.type
    if kind is np.float32:
        coefficients = coefficients[-_SINGLE.get(coefficients, 0) :]
    wide = _wide(y)
    last, new = np.zeros_like(y), np.full_like(y, coefficients[0])
    before = last
    for c in coefficients[1:]:
        before, last = last, new
        new = (wide * last - before).astype(kind) + kind(c)
    return kind(0.5) * (new - before)


def _bessel(x: Array, order: int, scaled: bool) -> Any:
    """I_order(x), or times exp(-|x|)."""
    x = np.asarray(x)
    kind = x.dtype.type
    size = np.abs(x)
    far = np.maximum(size, kind(_SPLIT))
    factor: Any = kind(1)
    with np.errstate(all="ignore"):
        if not scaled:
            factor = np.exp(_wide(size)).astype(kind)  # NumPy's own of single precision is another in the last place
        near = _series(size / kind(2) - kind(2), _NEAR_1 if order else _NEAR_0)
        if order:
            near = near * size if scaled else factor * size * near
        elif not scaled:
            near = factor * near
        beyond = factor * _series(kind(32) / far - kind(2), _FAR_1 if order else _FAR_0) / np.sqrt(far)
        found = np.where(size <= _SPLIT, near, beyond)
    return (np.where(x < 0, -found, found) if order else found)[()]


def i0e(x: Array) -> Array:
    """I_0(x) * exp(-|x|)"""
    return _bessel(x, 0, True)


def i1e(x: Array) -> Array:
    """I_1(x) * exp(-|x|)"""
    return _bessel(x, 1, True)


def i0(x: Array) -> Array:
    """I_0(x)"""
    return _bessel(x, 0, False)


def i1(x: Array) -> Array:
    """I_1(x)"""
    return _bessel(x, 1, False)


special_i0e, special_i1, special_i1e = i0e, i1, i1e
