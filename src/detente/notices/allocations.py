"""Which state a radio identity was allocated to: facts from the ITU and ICAO tables, as plain data.

Sources:
ITU Table of Maritime Identification Digits (Radio Regulations, Article 19; form of identities in
Recommendation ITU-R M.585). ICAO Annex 10, Volume III, Chapter 9, Table 9-1 (allocation of aircraft
addresses to states). Codes are ISO 3166-1 alpha-2; a territory with a code of its own has that code
(RE, not FR), as in the ITU's table. Nothing here is computed; detente.notices.parties asks it.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["ADDRESS_BLOCKS", "MARITIME_DIGITS", "MILITARY_BLOCKS", "AddressBlock", "MilitaryBlock"]


class AddressBlock(NamedTuple):
    """A run of 24-bit aircraft addresses (both ends included) and the state that it is allocated to."""

    first: int
    last: int
    state: str


class MilitaryBlock(NamedTuple):
    """A run of 24-bit addresses known to be used by a state's military aircraft.

    source says where this comes from; confidence is "derived" (follows from a published rule) or "observed"
    (public lists of observers agree; the state has not published it).
    """

    first: int
    last: int
    state: str
    source: str
    confidence: str


_DIGITS_OF_STATE = """
AD 202 | AE 470 471 | AF 401 | AG 304 305 | AI 301 | AL 201 | AM 216 | AO 603 | AR 701 | AS 559 | AT 203
AU 503 | AW 307 | AZ 423 | BA 478 | BB 314 | BD 405 | BE 205 | BF 633 | BG 207 | BH 408 | BI 609 | BJ 610
BM 310 | BN 508 | BO 720 | BR 710 | BS 308 309 311 | BT 410 | BW 611 | BY 206 | BZ 312 | CA 316 | CC 523
CD 676 | CF 612 | CG 615 | CH 269 | CI 619 | CK 518 | CL 725 | CM 613 | CN 412 413 414 | CO 730 | CR 321
CU 323 | CV 617 | CW 306 | CX 516 | CY 209 210 212 | CZ 270 | DE 211 218 | DJ 621 | DK 219 220 | DM 325
DO 327 | DZ 605 | EC 735 | EE 276 | EG 622 | ER 625 | ES 224 225 | ET 624 | FI 230 | FJ 520 | FK 740
FM 510 | FO 231 | FR 226 227 228 | GA 626 | GB 232 233 234 235 | GD 330 | GE 213 | GF 745 | GH 627 | GI 236
GL 331 | GM 629 | GN 632 | GP 329 | GQ 631 | GR 237 239 240 241 | GT 332 | GW 630 | GY 750 | HK 477 | HN 334
HR 238 | HT 336 | HU 243 | ID 525 | IE 250 | IL 428 | IN 419 | IQ 425 | IR 422 | IS 251 | IT 247 | JM 339
JO 438 | JP 431 432 | KE 634 | KG 451 | KH 514 515 | KI 529 | KM 616 620 | KN 341 | KP 445 | KR 440 441
KW 447 | KY 319 | KZ 436 | LA 531 | LB 450 | LC 343 | LI 252 | LK 417 | LR 636 637 | LS 644 | LT 277
LU 253 | LV 275 | LY 642 | MA 242 | MC 254 | MD 214 | ME 262 | MG 647 | MH 538 | MK 274 | ML 649 | MM 506
MN 457 | MO 453 | MP 536 | MQ 347 | MR 654 | MS 348 | MT 215 229 248 249 256 | MU 645 | MV 455 | MW 655
MX 345 | MY 533 | MZ 650 | NA 659 | NC 540 | NE 656 | NG 657 | NI 350 | NL 244 245 246 | NO 257 258 259
NP 459 | NR 544 | NU 542 | NZ 512 | OM 461 | PA 351 352 353 354 355 356 357 370 371 372 373 374 | PE 760
PF 546 | PG 553 | PH 548 | PK 463 | PL 261 | PM 361 | PN 555 | PR 358 | PS 443 | PT 204 255 263 | PW 511
PY 755 | QA 466 | RE 660 | RO 264 | RS 279 | RU 273 | RW 661 | SA 403 | SB 557 | SC 664 | SD 662
SE 265 266 | SG 563 564 565 566 | SH 608 665 | SI 278 | SK 267 | SL 667 | SM 268 | SN 663 | SO 666 | SR 765
SS 638 | ST 668 | SV 359 | SY 468 | SZ 669 | TC 364 | TD 670 | TF 501 607 618 635 | TG 671 | TH 567 | TJ 472
TL 550 | TM 434 | TN 672 | TO 570 | TR 271 | TT 362 | TV 572 | TW 416 | TZ 674 677 | UA 272 | UG 675
US 303 338 366 367 368 369 | UY 770 | UZ 437 | VA 208 | VC 375 376 377 | VE 775 | VG 378 | VI 379 | VN 574
VU 576 577 | WF 578 | WS 561 | YE 473 475 | ZA 601 | ZM 678 | ZW 679
"""

MARITIME_DIGITS: dict[int, str] = {
    int(digits): entry.split()[0]
    for entry in _DIGITS_OF_STATE.replace("\n", "|").split("|")
    for digits in entry.split()[1:]
}
"""Maritime identification digits (three digits, 201 to 775) -> state."""

# Table 9-1 gives a state 1,024, 4,096, 32,768, 262,144 or 1,048,576 addresses in one run; the first address of
# each run stands here under its size, in hexadecimal.
_FIRST_ADDRESS = {
    0x400: """
AG 0CA000 | AL 501000 | AM 600000 | AZ 600800 | BA 513000 | BB 0AA000 | BJ 094000 | BN 895000 | BT 680000
BW 030000 | BY 510000 | BZ 0AB000 | CK 901000 | CV 096000 | CY 4C8000 | DJ 098000 | EE 511000 | ER 202000
FM 681000 | GD 0CC000 | GE 514000 | GW 048000 | HR 501C00 | KG 601000 | KI C8E000 | KM 035000 | KZ 683000
LC C8C000 | LS 04A000 | LT 503C00 | LU 4D0000 | LV 502C00 | MC 4D4000 | MD 504C00 | ME 516000 | MH 900000
MK 512000 | MN 682000 | MR 05E000 | MT 4D2000 | MU 060000 | MV 05A000 | NA 201000 | NR C8A000 | OM 70C000
PW 684000 | QA 06A000 | SB 897000 | SC 074000 | SI 506C00 | SK 505C00 | SL 076000 | SM 500000 | ST 09E000
SZ 07A000 | TJ 515000 | TM 601800 | TO C8D000 | UZ 507C00 | VC 0BC000 | VU C90000 | WS 902000 | ZW 004000
""",
    0x1000: """
AE 896000 | AF 700000 | AO 090000 | BD 702000 | BF 09C000 | BH 894000 | BI 032000 | BO E94000 | BS 0A8000
CD 08C000 | CF 06C000 | CG 036000 | CI 038000 | CL E80000 | CM 034000 | CO 0AC000 | CR 0AE000 | CU 0B0000
DO 0C4000 | EC E84000 | ET 040000 | FJ C88000 | GA 03E000 | GH 044000 | GM 09A000 | GN 046000 | GQ 042000
GT 0B4000 | GY 0B6000 | HN 0BA000 | HT 0B8000 | IE 4CA000 | IS 4CC000 | JM 0BE000 | KE 04C000 | KH 70E000
KW 706000 | LA 708000 | LR 050000 | MG 054000 | ML 05C000 | MM 704000 | MW 058000 | MZ 006000 | NE 062000
NG 064000 | NI 0C0000 | NP 70A000 | PA 0C2000 | PE E8C000 | PG 898000 | PY E88000 | RW 06E000 | SD 07C000
SN 070000 | SO 078000 | SR 0C8000 | SV 0B2000 | TD 084000 | TG 088000 | TT 0C6000 | TZ 080000 | UG 068000
UY E90000 | YE 890000 | ZM 08A000
""",
    0x8000: """
AT 440000 | BE 448000 | BG 450000 | CH 4B0000 | CZ 498000 | DK 458000 | DZ 0A0000 | EG 010000 | FI 460000
GR 468000 | HU 470000 | ID 8A0000 | IL 738000 | IQ 728000 | IR 730000 | JO 740000 | KP 720000 | KR 718000
LB 748000 | LK 770000 | LY 018000 | MA 020000 | MX 0D0000 | MY 750000 | NL 480000 | NO 478000 | NZ C80000
PH 758000 | PK 760000 | PL 488000 | PT 490000 | RO 4A0000 | RS 4C0000 | SA 710000 | SE 4A8000 | SG 768000
SY 778000 | TH 880000 | TN 028000 | TR 4B8000 | UA 508000 | VE 0D8000 | VN 888000 | ZA 008000
""",
    0x40000: """
AR E00000 | AU 7C0000 | BR E40000 | CA C00000 | CN 780000 | DE 3C0000 | ES 340000 | FR 380000 | GB 400000
IN 800000 | IT 300000 | JP 840000
""",
    0x100000: "RU 100000 | US A00000",
}
# Not in the table (the run is the ICAO's own, for special use) but flown: the addresses of Taiwan's register.
_IN_USE = (AddressBlock(0x899000, 0x8993FF, "TW"),)

ADDRESS_BLOCKS: tuple[AddressBlock, ...] = tuple(
    sorted(
        [
            AddressBlock(int(first, 16), int(first, 16) + size - 1, state)
            for size, entries in _FIRST_ADDRESS.items()
            for state, first in (
                entry.split() for entry in entries.replace("\n", "|").split("|") if entry.strip()
            )
        ]
        + list(_IN_USE)
    )
)
"""Blocks of 24-bit addresses, in order, none overlapping."""

_OBSERVERS = "public lists of ADS-B observers, which agree on it"

MILITARY_BLOCKS: tuple[MilitaryBlock, ...] = (
    MilitaryBlock(0x350000, 0x37FFFF, "ES", _OBSERVERS, "observed"),
    MilitaryBlock(0x3AA000, 0x3AFFFF, "FR", _OBSERVERS, "observed"),
    MilitaryBlock(0x3B7000, 0x3BFFFF, "FR", _OBSERVERS, "observed"),
    MilitaryBlock(0x3EA000, 0x3EBFFF, "DE", _OBSERVERS, "observed"),
    MilitaryBlock(0x3F4000, 0x3FBFFF, "DE", _OBSERVERS, "observed"),
    MilitaryBlock(0x43C000, 0x43CFFF, "GB", _OBSERVERS, "observed"),
    MilitaryBlock(0x480000, 0x480FFF, "NL", _OBSERVERS, "observed"),
    MilitaryBlock(0x4B7000, 0x4B7FFF, "CH", _OBSERVERS, "observed"),
    MilitaryBlock(
        0xADF7C8,
        0xAFFFFF,
        "US",
        "FAA: civil N-numbers N1 to N99999 fill A00001 to ADF7C7, so what lies above is not civil",
        "derived",
    ),
    MilitaryBlock(0xC20000, 0xC3FFFF, "CA", _OBSERVERS, "observed"),
    MilitaryBlock(0xE40000, 0xE41FFF, "BR", _OBSERVERS, "observed"),
)
"""In order, none overlapping. A source's own military flag goes before this list."""
