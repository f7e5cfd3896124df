package crime

// Names are invented; any likeness is chance. None holds a comma.
var (
	firstNames = [...]string{"Adrian", "Bettina", "Casimir", "Dalia", "Emil", "Farah", "Goran", "Hanne", "Ivo", "Jelena", "Kofi", "Livia",
		"Milan", "Noor", "Osman", "Petra", "Quentin", "Rosa", "Sandor", "Talia", "Urs", "Vesna", "Wanda", "Xenia", "Yusuf", "Zoran"}
	lastNames = [...]string{"Almasi", "Brandvold", "Cerny", "Dragan", "Eklund", "Faber", "Grabar", "Holub", "Ivanek", "Jansky", "Kovalik", "Lindqvist",
		"Marek", "Novotny", "Okafor", "Petrov", "Quist", "Radic", "Sorensen", "Tanaka", "Ulman", "Varga", "Weiss", "Yilmaz", "Zeman"}
	handles = [...]string{"quietbear", "northwind", "ashfall", "0xmarten", "greylark", "sable_ink", "lowtide", "ferrum", "nightjar", "palefox",
		"rookery", "saltmine", "tin_soldier", "umbra77", "vortigern", "wicker", "yellowhammer", "brackish", "cinder", "driftwood"}
	firms = [...]string{"Harrow Valley Pipelines", "St. Alban General Hospital", "Port of Eastmark", "Tollgate Insurance", "Mercer & Lunn Foods",
		"Eastfold City Council", "Riverside Schools Trust", "Brightwater Utilities", "Halden Shipping", "Carrow Steelworks"}
	cities = [...]string{"Eastmark", "Halden", "Carrow", "Port Loring", "Tollgate", "Sankt Veit", "Novi Brod", "Maravel", "Kestrel Bay", "Ostrava Nova"}
)

// fullName invents a person's name.
func (c *Case) fullName() string {
	return firstNames[c.rng.Pick(len(firstNames))] + " " + lastNames[c.rng.Pick(len(lastNames))]
}

// handle invents what somebody is called online.
func (c *Case) handle() string { return handles[c.rng.Pick(len(handles))] }

// firm invents a firm that is big enough to be extorted.
func (c *Case) firm() string { return firms[c.rng.Pick(len(firms))] }

// city invents a place.
func (c *Case) city() string { return cities[c.rng.Pick(len(cities))] }
