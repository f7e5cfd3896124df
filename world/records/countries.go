package records

// country is where somebody lives and has their papers from.
type country struct {
	code   string // ISO 3166-1 alpha-2
	calls  string // telephone code
	share  uint64 // of the customers
	names  *naming
	cities []string
	post   string // postcode; each 0 stands for a digit, each A for a letter
	street string // a house number is put for %d, a street's name for %s
	card   string // the document that most people show
}

// naming is how people of a language are called. Given names are in use; family
// names are put together from parts, so that few are anybody's.
type naming struct {
	given   []string // women's and men's in turn
	stems   []string
	endings []string
	streets []string
	firm    string // what stands behind a firm's name
}

// countries lists where customers come from, in an order that never changes: a
// country's place is the second number of its lines.
func countries() []country {
	english := &naming{
		given:   []string{"Alice", "Aaron", "Beth", "Callum", "Claire", "Daniel", "Emma", "Ethan", "Grace", "Graham", "Hannah", "Isaac", "Joanne", "Kyle", "Laura", "Marcus", "Naomi", "Owen", "Rachel", "Scott"},
		stems:   []string{"Harb", "Whit", "Lind", "Thor", "Brack", "Ash", "Colb", "Stan", "Wether", "Hals", "Pem", "Dray", "Cran", "Marl"},
		endings: []string{"eck", "omby", "ford", "endale", "ley", "wick", "stow", "ingham", "more", "croft"},
		streets: []string{"Mill", "Orchard", "Station", "Quarry", "Heron", "Chapel", "Alder", "Ferry"}, firm: "Ltd",
	}
	german := &naming{
		given:   []string{"Anja", "Bernd", "Carla", "Dirk", "Eva", "Florian", "Greta", "Holger", "Ines", "Jan", "Katrin", "Lars", "Meike", "Nils", "Petra", "Ralf"},
		stems:   []string{"Hag", "Brend", "Lich", "Stein", "Ober", "Rau", "Wald", "Kalt", "Eich", "Vogt", "Schill", "Mehr"},
		endings: []string{"emeyer", "hofer", "brink", "kamp", "egger", "lohe", "wart", "ingmann"},
		streets: []string{"Linden", "Garten", "Muehlen", "Bahnhof", "Birken", "Hafen"}, firm: "GmbH",
	}
	french := &naming{
		given:   []string{"Adele", "Bastien", "Camille", "Denis", "Elodie", "Fabien", "Helene", "Jerome", "Lucie", "Mathieu", "Noemie", "Pascal"},
		stems:   []string{"Cheval", "Mont", "Bel", "Font", "Lar", "Roch", "Vern", "Dau", "Pru", "Sauv"},
		endings: []string{"iment", "ereau", "ardin", "ouville", "ennec", "ignon", "abert", "oisel"},
		streets: []string{"du Moulin", "des Lilas", "de la Gare", "du Lavoir", "des Ecoles"}, firm: "SARL",
	}
	spanish := &naming{
		given:   []string{"Ana", "Bruno", "Carmen", "Diego", "Elena", "Fabio", "Gloria", "Hugo", "Ines", "Javier", "Lucia", "Mateo", "Nuria", "Oscar", "Paula", "Rafael"},
		stems:   []string{"Alder", "Bail", "Cast", "Fuent", "Guerr", "Laz", "Mend", "Orc", "Quint", "Sold", "Val", "Zar"},
		endings: []string{"ubia", "ares", "ellanos", "erola", "aguro", "onte", "eiro", "agosa"},
		streets: []string{"del Sol", "Mayor", "de la Fuente", "Jardines", "del Puerto"}, firm: "SL",
	}
	portuguese := &naming{
		given:   []string{"Aline", "Bento", "Camila", "Davi", "Flavia", "Igor", "Janaina", "Leandro", "Marina", "Otavio", "Renata", "Thiago"},
		stems:   []string{"Carv", "Mor", "Pinh", "Silv", "Teix", "Vasc", "Lour", "Braz", "Nog"},
		endings: []string{"alhosa", "eirinho", "eredo", "anova", "ueirosa", "onteiro", "arinha"},
		streets: []string{"das Palmeiras", "do Porto", "Sete", "da Serra"}, firm: "Ltda",
	}
	slavic := &naming{
		given:   []string{"Alena", "Bohdan", "Daria", "Eryk", "Halina", "Ihor", "Jana", "Kamil", "Lenka", "Marek", "Natalia", "Oleh", "Petra", "Roman", "Sofia", "Tomas"},
		stems:   []string{"Brz", "Dol", "Hav", "Kral", "Lys", "Mor", "Nov", "Pol", "Sok", "Tver", "Vrb", "Zel"},
		endings: []string{"enko", "anek", "owicz", "uchar", "yshyn", "ansky", "icek", "olak"},
		streets: []string{"Lipova", "Polna", "Dluga", "Zahradni", "Sadova"}, firm: "s.r.o.",
	}
	nordic := &naming{
		given:   []string{"Astrid", "Bjorn", "Elin", "Gustav", "Ingrid", "Johan", "Karin", "Magnus", "Sanna", "Viktor"},
		stems:   []string{"Berg", "Dal", "Ek", "Hav", "Lind", "Nor", "Sjo", "Strand"},
		endings: []string{"estrom", "gard", "hult", "enqvist", "vall", "berga", "holt"},
		streets: []string{"Skogs", "Hamn", "Bjork", "Kyrko"}, firm: "AB",
	}
	turkish := &naming{
		given:   []string{"Aylin", "Baris", "Ceyda", "Deniz", "Elif", "Ferhat", "Gizem", "Hakan", "Melis", "Onur"},
		stems:   []string{"Ak", "Demir", "Kara", "Yil", "Oz", "Tas", "Gun", "Boz"},
		endings: []string{"baler", "soydan", "tekin", "dagan", "erkut", "calan"},
		streets: []string{"Lale", "Cinar", "Deniz", "Okul"}, firm: "AS",
	}
	african := &naming{
		given:   []string{"Abena", "Baraka", "Chioma", "Dumisa", "Efua", "Farai", "Ife", "Juma", "Lerato", "Musa", "Ngozi", "Tendai", "Wanjiru", "Yaw"},
		stems:   []string{"Ade", "Oka", "Mwa", "Chi", "Nko", "Bali", "Kip", "Omo", "Zulu"},
		endings: []string{"fola", "nguro", "mbeka", "kwezi", "tunde", "losi", "rigo"},
		streets: []string{"Market", "Acacia", "Independence", "Lagoon"}, firm: "Ltd",
	}
	southAsian := &naming{
		given:   []string{"Aditi", "Bilal", "Deepa", "Farhan", "Isha", "Kabir", "Leela", "Nadeem", "Pooja", "Rohan", "Sana", "Vikram"},
		stems:   []string{"Chand", "Dev", "Kul", "Mal", "Rath", "Sar", "Var", "Qur"},
		endings: []string{"irani", "ashwar", "ekar", "oorthi", "aidan", "angi"},
		streets: []string{"Gandhi", "Garden", "Canal", "Temple"}, firm: "Pvt Ltd",
	}
	eastAsian := &naming{
		given:   []string{"Aiko", "Daichi", "Hana", "Jun", "Kaori", "Minh", "Linh", "Ren", "Soo-ah", "Tae-yong", "Yuki", "Dung"},
		stems:   []string{"Mori", "Taka", "Naga", "Kuro", "Hoshi", "Ina", "Sato"},
		endings: []string{"bara", "nuki", "sawara", "ginu", "mizuno", "dakei"},
		streets: []string{"Sakura", "Minato", "Hoa Sen", "Dongbaek"}, firm: "Co",
	}
	malay := &naming{
		given:   []string{"Ayu", "Budi", "Citra", "Dewa", "Jericho", "Liza", "Maricel", "Putra", "Ramon", "Tala"},
		stems:   []string{"Sant", "Wira", "Kus", "Mang", "Bala", "Dima"},
		endings: []string{"ogunan", "yanto", "umadi", "tibagan", "lakaya"},
		streets: []string{"Melati", "Kenanga", "Mabini", "Rizal"}, firm: "Inc",
	}
	gulf := &naming{
		given:   []string{"Amal", "Bassam", "Dina", "Faris", "Huda", "Karim", "Layla", "Nabil", "Rania", "Tariq"},
		stems:   []string{"Al Har", "Al Maz", "Al Suw", "Al Dhab", "Al Qas"},
		endings: []string{"amiri", "ouaidi", "ibani", "azeri"},
		streets: []string{"Corniche", "Palm", "Pearl"}, firm: "FZE",
	}
	return []country{
		{"US", "1", 150, english, []string{"Dayton", "Tucson", "Boise", "Albany", "Fresno"}, "00000", "%d %s Avenue", "driving licence"},
		{"GB", "44", 80, english, []string{"Leeds", "Bristol", "Derby", "Swansea"}, "AA0 0AA", "%d %s Road", "passport"},
		{"DE", "49", 70, german, []string{"Kassel", "Bremen", "Ulm", "Erfurt"}, "00000", "%sstrasse %d", "identity card"},
		{"FR", "33", 45, french, []string{"Nantes", "Dijon", "Metz"}, "00000", "%d rue %s", "identity card"},
		{"ES", "34", 35, spanish, []string{"Zaragoza", "Vigo", "Murcia"}, "00000", "Calle %s %d", "identity card"},
		{"NL", "31", 35, german, []string{"Utrecht", "Breda", "Zwolle"}, "0000 AA", "%slaan %d", "identity card"},
		{"PL", "48", 35, slavic, []string{"Lodz", "Lublin", "Gdynia"}, "00-000", "ul. %s %d", "identity card"},
		{"UA", "380", 40, slavic, []string{"Poltava", "Lviv", "Odesa"}, "00000", "vul. %s %d", "passport"},
		{"RO", "40", 20, slavic, []string{"Cluj", "Iasi", "Brasov"}, "000000", "Str. %s %d", "identity card"},
		{"CZ", "420", 20, slavic, []string{"Brno", "Plzen", "Liberec"}, "000 00", "%s %d", "identity card"},
		{"SE", "46", 15, nordic, []string{"Malmo", "Uppsala", "Lund"}, "000 00", "%sgatan %d", "identity card"},
		{"TR", "90", 40, turkish, []string{"Izmir", "Bursa", "Adana"}, "00000", "%s Sokak %d", "identity card"},
		{"NG", "234", 40, african, []string{"Ibadan", "Enugu", "Kano"}, "000000", "%d %s Street", "voter card"},
		{"KE", "254", 15, african, []string{"Nakuru", "Kisumu"}, "00000", "%d %s Road", "identity card"},
		{"ZA", "27", 20, african, []string{"Durban", "Polokwane"}, "0000", "%d %s Street", "identity card"},
		{"IN", "91", 60, southAsian, []string{"Pune", "Kochi", "Indore"}, "000000", "%d %s Marg", "passport"},
		{"PK", "92", 15, southAsian, []string{"Multan", "Sialkot"}, "00000", "%d %s Lane", "identity card"},
		{"PH", "63", 30, malay, []string{"Iloilo", "Davao"}, "0000", "%d %s Street", "driving licence"},
		{"VN", "84", 30, eastAsian, []string{"Hue", "Da Nang"}, "000000", "%d %s", "identity card"},
		{"ID", "62", 30, malay, []string{"Malang", "Medan"}, "00000", "Jalan %s %d", "identity card"},
		{"JP", "81", 35, eastAsian, []string{"Sendai", "Nagano"}, "000-0000", "%d %s", "driving licence"},
		{"KR", "82", 35, eastAsian, []string{"Daegu", "Jeonju"}, "00000", "%d %s-ro", "identity card"},
		{"BR", "55", 45, portuguese, []string{"Recife", "Curitiba", "Goiania"}, "00000-000", "Rua %s %d", "identity card"},
		{"MX", "52", 25, spanish, []string{"Puebla", "Merida"}, "00000", "Calle %s %d", "voter card"},
		{"AR", "54", 25, spanish, []string{"Rosario", "Cordoba"}, "A0000AAA", "Calle %s %d", "identity card"},
		{"CO", "57", 15, spanish, []string{"Cali", "Manizales"}, "000000", "Calle %s %d", "identity card"},
		{"AE", "971", 15, gulf, []string{"Sharjah", "Al Ain"}, "00000", "%d %s Street", "residence permit"},
		{"AU", "61", 20, english, []string{"Perth", "Hobart"}, "0000", "%d %s Street", "driving licence"},
		{"CA", "1", 20, english, []string{"Regina", "Halifax"}, "A0A 0A0", "%d %s Drive", "driving licence"},
	}
}
