"""The terrific totes company as it was founded: the rows of the six tables that never change.

Fictitious throughout. Kept on purpose: leading zeros, commas, apostrophes, '&', parentheses, the
misspelt location 'Leds', managers who are no staff, a Sales department without staff.
"""

from datetime import datetime

OPENED = datetime(2022, 11, 3, 14, 20, 49, 962000)  # addresses, departments, currencies, types
STAFFED = datetime(2022, 11, 3, 14, 20, 51, 563000)  # staff and counterparties

# line 1 | line 2 | district | city | postal code | country | phone; nothing between bars is NULL
_ADDRESSES = """
6826 Herzog Via||Avon|New Patienceburgh|28441|Turkey|1803 637401
179 Alexie Cliffs|||Aliso Viejo|99305-7380|San Marino|9621 880720
0412 Larkin Orchard|||Port Ellis|71204|Tonga|0614 220953
5513 Maggio Crest||Cumbria|Westonhaven|36018|Ecuador|2870 415566
29070 Odell Run|Rosalind Crossing||Tempe|50617-2043|Chad|0093 771208
318 Braun Meadow|||Lake Ottilie|07733|Nepal|6642 019385
75653 Ernestine Ways||Buckinghamshire|North Deshaun|02813|Faroe Islands|1373 796260
9024 Tillman Pass|||Quentinton|88120-0317|Portugal|7218 604471
61 Wehner Hollow||Borders|East Corrine|19466|Mongolia|0350 846127
49967 Kaylah Flat|Tremaine Circles|Bedfordshire|Beaulahcester|89470|Democratic People's Republic of Korea|4949 998070
8470 Sporer Bypass|||Yakima|33902-5518|Ghana|5127 330846
153 Delphine Gate||Berkshire|New Hollis|60255|Turks & Caicos|8894 107263
40288 Nitzsche Park|Amos Spur|Avon|Marlenport|00951|Oman|3306 958014
7736 Hills Causeway|||South Barney|45370-9006|Malta|0418 562390
605 Haskell Trafficway|Axel Freeway||East Bobbie|88253-4257|Heard Island and McDonald Islands|9687 937447
92 Rodolfo Landing||Cambridgeshire|Carmel|27816|Fiji|1745 083629
3165 Stroman Harbor|Lonnie Walk|Borders|Bergeview|94027|Peru|6059 214738
0857 Jaylan Summit|||Millcreek|51639-4480|Trinidad & Tobago|2483 670915
66190 Abshire Grove||Bedfordshire|Lake Verna|08214|Latvia|9150 386247
274 Conroy Ranch|Elody Loop||Bellingham|73558|Saint Martin (French part)|0762 499103
5801 Zulauf Drive||Cumbria|West Idella|16045-7721|Uganda|4537 821690
13946 Russel Bend|||Napoleonmouth|39087|Kenya|7904 153826
480 Marquise Fields||Avon|Owensboro|65412-0938|Chile|5271 946038
2039 Gorczany Lane|Pansy Terrace||Fort Ansel|80776|Jordan|1396 705482
253 Ullrich Inlet|Macey Wall|Borders|East Arvel|35397-9952|Sudan|0021 366201
94417 Mertie Point||Berkshire|Gilbertshire|22890|Belize|8625 037194
718 Schulist Brook|Karl Rue|Buckinghamshire|Denton|57301-6642|Norway|3048 592761
6352 Emmett Isle|||North Lavinia|04168|Seychelles|9713 468250
085 Bradtke Village||Cambridgeshire|Torranceville|91523|Samoa|0286 157934
36704 Dooley Shore|Vita Parkway||Kuhicfort|68047-3195|Guyana|6471 820359
"""  # noqa: E501 (one address a line)

ADDRESSES = tuple(
    tuple(cell or None for cell in line.split("|")) for line in _ADDRESSES.strip().splitlines()
)

DEPARTMENTS = (
    ("Sales", "Manchester", "Richard Roma"),
    ("Purchasing", "Manchester", "Naomi Lapaglia"),
    ("Production", "Leeds", "Chester Ming"),
    ("Dispatch", "Leds", "Mark Hanna"),
    ("Finance", "Manchester", "Jordan Belfort"),
    ("Facilities", "Manchester", "Shelley Levene"),
    ("Communications", "Leeds", "Ann Blake"),
    ("HR", "Leeds", "James Link"),
)

# first name, last name, department; the address is built from the names
STAFF = (
    *(("Jeremie", "Franey", 2), ("Deron", "Beier", 6), ("Odessa", "Hickle", 6)),
    *(("Lamar", "Stokes", 3), ("Vivienne", "Doyle", 8), ("Ewald", "Rempel", 3)),
    *(("Corinne", "Bode", 2), ("Mathias", "Lang", 7), ("Greta", "Thiel", 2)),
    *(("Desmond", "Pagac", 2), ("Alva", "Nader", 5), ("Quincy", "Boyer", 5)),
    *(("Stan", "Lehner", 4), ("Rigoberto", "VonRueden", 7), ("Hilda", "Spencer", 3)),
    *(("Ruben", "Mosciski", 6), ("Irving", "O'Keefe", 3), ("Shanelle", "Ward", 8)),
    *(("Tobias", "Klein", 2), ("Flavio", "Kulas", 3)),
)

# legal name, legal address, commercial contact, delivery contact
COUNTERPARTIES = (
    ("Fahey and Sons", 15, "Nettie Crona", "Mrs. Alba Rutherford"),
    ("Leannon, Predovic and Morar", 28, "Garry Feest", "Otis Hauck III"),
    ("Ziemann Inc", 3, "Lorna Pouros", "Dexter Skiles"),
    ("Turner, Bins and Okuneva", 29, "Hugh Mante", "Celine Block II"),
    ("Schaden, Ryan and Wolff", 21, "Della Bruen", "Marlon Haley"),
    ("Nolan LLC", 24, "Roxanne Pfeffer", "Clint Dare"),
    ("Padberg, Lueilwitz and Johnson", 16, "Ms. Edna Gerhold", "Christy O'Hara"),
    ("Grant - Lakin", 16, "Lionel Treutel", "Joy Weber"),
    ("Altenwerth LLC", 5, "Minnie Zboncak", "Preston Huel"),
    ("Harris - Moen", 9, "Fred Satterfield", "Aileen Purdy"),
    ("Runte - Casper", 17, "Irma Hettinger", "Saul Mitchell"),
    ("Gleason - Bauch", 8, "Wilbert Dach", "Rhoda Ebert"),
    ("Lowe, Batz and Funk", 5, "Ms. Thelma Rolfson", "Percy Kub"),
    ("Sipes, Maggio and Orn", 30, "Constance Yundt", "Gilberto Terry PhD"),
    ("Waelchi, Ferry and Hirthe", 17, "Amos Denesik", "Paula Rau DVM"),
    ("Donnelly, Beahan and Lind", 12, "Julius Goyette DDS", "Vera Stamm"),
    ("Kihn Group", 17, "Dr. Eunice Marvin", "Leroy Jast"),
    ("Smith and Sons", 17, "Bertha Kessler", "Nolan Gottlieb"),
    ("Becker, Towne and Shields", 19, "Alvin Reinger", "Selma Dietrich"),
    ("Emard Group", 3, "Gloria Windler", "Stuart Ledner"),
)

CURRENCIES = ("GBP", "USD", "EUR")

PAYMENT_TYPES = ("SALES_RECEIPT", "SALES_REFUND", "PURCHASE_PAYMENT", "PURCHASE_REFUND")
