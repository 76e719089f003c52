"""Letters three pixels wide and five high, for captions that are the same in every file, wherever it is made.

Fonts differ from machine to machine; a caption that is part of a recipe must not. The twin is
`esvae_core/web/formats/bitmap_font.js`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 4, 5  # of a letter with the gap behind it

# each letter, then its rows from the top as octal digits: 4 is the left pixel, 2 the middle, 1 the right
ALPHABET = (
    " 00000!22202\"55000#57575$36236%51245&25256'22000(12221)42224*05250+02720,00024-00700.00002/11244"
    "075557126227271747371717455711574717674757771222875757975717:02020;02024<12421=07070>42124?71202@25543"
    "A25755B65656C34443D65556E74647F74644G34553H55755I72227J11152K55655L44447M57755N65555O25552P65644"
    "Q25563R65655S34216T72222U55557V55552W55775X55255Y55222Z71247[64446\\44211]31113^25000_00007`42000"
    "{32623|22222}62326~03600"
)
_ROWS = {ALPHABET[i]: ALPHABET[i + 1 : i + 6] for i in range(0, len(ALPHABET), 6)}
_UNKNOWN = "77777"


def written(text: str) -> NDArray[np.bool_]:
    """Text -> (5, 4 n - 1) of its n letters' pixels; small letters as capitals, unknown ones as a block."""
    rows = [_ROWS.get(letter.upper(), _UNKNOWN) for letter in text]
    digits = np.array([[int(digit) for digit in letter] for letter in rows], np.uint8).reshape(-1, HEIGHT).T
    bits = digits[:, :, None] >> np.array([2, 1, 0, 3], np.uint8) & 1  # an octal digit has no bit 3: the gap
    return bits.reshape(HEIGHT, -1)[:, :-1].astype(bool)
