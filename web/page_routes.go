package web

import "goshawk/identity"

// caseRoutes are the pages of cases.
func caseRoutes() []route {
	return []route{
		{"GET /{$}", identity.ReadSelf, (*request).start},
		{"GET /search", identity.ListCases, (*request).searchPage},
		{"GET /cases", identity.ListCases, (*request).casesPage},
		{"POST /cases", identity.OpenCase, (*request).openCase},
		{"GET /cases/{case}", identity.ReadCase, (*request).overviewPage},
		{"POST /cases/{case}/records/{kind}/{id}", identity.ChangeCase, (*request).saveRecord},
		{"POST /cases/{case}/undo", identity.ChangeCase, (*request).undoChange},
		{"GET /cases/{case}/notes", identity.ReadCase, (*request).notesPage},
		{"GET /cases/{case}/notes/{note}", identity.ReadCase, (*request).notePage},
		{"GET /cases/{case}/tasks", identity.ReadCase, (*request).tasksPage},
		{"GET /cases/{case}/timeline", identity.ReadCase, (*request).timelinePage},
		{"GET /cases/{case}/subjects", identity.ReadCase, (*request).subjectsPage},
		{"GET /cases/{case}/subjects/{subject}", identity.ReadCase, (*request).subjectPage},
		{"POST /cases/{case}/find", identity.ChangeCase, (*request).findPage},
		{"POST /cases/{case}/import", identity.ChangeCase, (*request).importSubjects},
		{"POST /cases/{case}/wallets", identity.ChangeCase, (*request).addWallet},
		{"GET /cases/{case}/wallets/{wallet}", identity.ReadCase, (*request).walletPage},
		{"GET /cases/{case}/exhibits", identity.ReadCase, (*request).exhibitsPage},
		{"POST /cases/{case}/exhibits", identity.ChangeCase, (*request).uploadExhibit},
		{"GET /cases/{case}/exhibits/{exhibit}", identity.ReadCase, (*request).exhibitPage},
		{"GET /cases/{case}/exhibits/{exhibit}/file", identity.ReadCase, (*request).exhibitFile},
		{"GET /cases/{case}/findings", identity.ReadCase, (*request).findingsPage},
		{"POST /cases/{case}/findings/{finding}", identity.ChangeCase, (*request).saveFinding},
		{"POST /cases/{case}/findings/{finding}/move", identity.ChangeCase, (*request).moveFinding},
		{"GET /cases/{case}/report", identity.ReadCase, (*request).reportPage},
		{"POST /cases/{case}/report/runs", identity.ChangeCase, (*request).useRuns},
		{"POST /cases/{case}/report/package", identity.ChangeCase, (*request).makePackageForm},
		{"GET /cases/{case}/report.html", identity.ReadCase, (*request).reportHTML},
		{"GET /cases/{case}/report.pdf", identity.ReadCase, (*request).reportPDF},
		{"GET /cases/{case}/report.json", identity.ReadCase, (*request).reportJSON},
		{"GET /cases/{case}/members", identity.ReadCase, (*request).membersPage},
		{"POST /cases/{case}/members", identity.ManageCase, (*request).addMember},
		{"GET /cases/{case}/history", identity.ReadHistory, (*request).historyPage},
		{"GET /cases/{case}/settings", identity.ReadCase, (*request).settingsPage},
	}
}
