/**
 * Letters three pixels wide and five high, for captions that are the same in every file, wherever it is made.
 * The twin of `esvae_core/bitmap_font.py`, which says why; a test holds the two together.
 */

/** Of a letter with the gap behind it. */
export const [WIDTH, HEIGHT] = [4, 5];

/** Each letter, then its rows from the top as octal digits: 4 is the left pixel, 2 the middle, 1 the right. */
export const ALPHABET =
  " 00000!22202\"55000#57575$36236%51245&25256'22000(12221)42224*05250+02720,00024-00700.00002/11244" +
  "075557126227271747371717455711574717674757771222875757975717:02020;02024<12421=07070>42124?71202" +
  "@25543A25755B65656C34443D65556E74647F74644G34553H55755I72227J11152K55655L44447M57755N65555O25552" +
  "P65644Q25563R65655S34216T72222U55557V55552W55775X55255Y55222Z71247[64446\\44211]31113^25000_00007" +
  "`42000{32623|22222}62326~03600";

const ROWS = new Map(
  Array.from({ length: ALPHABET.length / 6 }, (_, i) => [ALPHABET[6 * i], ALPHABET.slice(6 * i + 1, 6 * i + 6)]),
);
const UNKNOWN = "77777";

/** Text -> its pixels row by row, 1 for ink; small letters as capitals, unknown ones as a block. */
export function renderText(text) {
  const rows = [...text].map((letter) => ROWS.get(letter.toUpperCase()) ?? UNKNOWN);
  const width = Math.max(0, WIDTH * rows.length - 1);
  const ink = Uint8Array.from({ length: HEIGHT * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return (Number(rows[Math.floor(x / WIDTH)][y]) >> (2 - (x % WIDTH))) & (x % WIDTH < 3 ? 1 : 0);
  });
  return { width, ink };
}
