package archtest

import (
	"go/ast"
	"go/token"
	"path"
	"strings"
)

// A package-level variable is allowed if it is a constant in all but name: if
// nothing in the module assigns to it or to a part of it, takes its address,
// counts it up, deletes from it or appends in place, and if it is no lock, pool
// or atomic value, which exist to change. This is a rule about syntax: a method
// that changes its receiver behind a pointer is not seen.

// state checks the package-level variables of all packages.
func (c *checker) state() {
	for _, f := range c.sorted() {
		vars := make(map[string]bool)
		specs := make(map[any]bool) // declarations, to tell package-level names from local ones
		for _, s := range f.files {
			for _, d := range s.ast.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok || g.Tok != token.VAR {
					continue
				}
				for _, spec := range g.Specs {
					v := spec.(*ast.ValueSpec)
					specs[v] = true
					for _, n := range v.Names {
						if n.Name != "_" {
							vars[n.Name] = true
						}
					}
					if made := changing(s, v); made != "" {
						c.fault(s, v.Pos(), "package variable of type %s exists to change: give it to a value that has an owner", made)
					}
				}
			}
		}
		own := func(x *ast.Ident) bool {
			return vars[x.Name] && (x.Obj == nil || specs[x.Obj.Decl])
		}
		for _, s := range f.files {
			c.writes(s, func(e ast.Expr) (string, bool) {
				if x := base(e); x != nil && own(x) {
					return x.Name, true
				}
				return "", false
			})
		}
	}
	c.writesAbroad()
}

// writesAbroad finds assignments to another package's variables.
func (c *checker) writesAbroad() {
	for _, f := range c.sorted() {
		for _, s := range f.files {
			c.writes(s, func(e ast.Expr) (string, bool) {
				for {
					switch x := e.(type) {
					case *ast.ParenExpr:
						e = x.X
					case *ast.IndexExpr:
						e = x.X
					case *ast.StarExpr:
						e = x.X
					case *ast.SelectorExpr:
						if p, ok := x.X.(*ast.Ident); ok && p.Obj == nil && s.imported[p.Name] != "" {
							if at, ok := c.inHouse(s.imported[p.Name]); ok && !isType(c.packages[at], x.Sel.Name) {
								return path.Base(at) + "." + x.Sel.Name, true
							}
							return "", false
						}
						e = x.X
					default:
						return "", false
					}
				}
			})
		}
	}
}

// isType says whether a package declares a name as anything but a variable:
// &goshawk.Block{} takes no variable's address.
func isType(f *folder, name string) bool {
	if f == nil {
		return true
	}
	for _, s := range f.files {
		for _, d := range s.ast.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, spec := range g.Specs {
					for _, n := range spec.(*ast.ValueSpec).Names {
						if n.Name == name {
							return false
						}
					}
				}
			}
		}
	}
	return true
}

// writes reports every expression that changes what target recognises.
func (c *checker) writes(s *source, target func(ast.Expr) (string, bool)) {
	report := func(e ast.Expr, how string) {
		if name, ok := target(e); ok {
			c.fault(s, e.Pos(), "%s package variable %s: package variables are constants here", how, name)
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, e := range n.Lhs {
					report(e, "assigns to")
				}
			}
		case *ast.IncDecStmt:
			report(n.X, "counts")
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				report(n.Key, "assigns to")
				if n.Value != nil {
					report(n.Value, "assigns to")
				}
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				report(n.X, "takes the address of")
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Obj == nil && len(n.Args) > 0 && (f.Name == "delete" || f.Name == "clear" || f.Name == "copy") {
				report(n.Args[0], "changes")
			}
		}
		return true
	})
}

// base returns the identifier that an assignable expression begins with, or nil.
func base(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.ParenExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.SliceExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.SelectorExpr:
			e = x.X
		default:
			return nil
		}
	}
}

// changing returns the type of a variable that is a lock, pool or atomic value.
func changing(s *source, v *ast.ValueSpec) string {
	types := []ast.Expr{v.Type}
	for _, e := range v.Values {
		if u, ok := e.(*ast.UnaryExpr); ok {
			e = u.X
		}
		switch e := e.(type) {
		case *ast.CompositeLit:
			types = append(types, e.Type)
		case *ast.CallExpr:
			if f, ok := e.Fun.(*ast.Ident); ok && f.Obj == nil && f.Name == "new" && len(e.Args) == 1 {
				types = append(types, e.Args[0])
			}
			if f, ok := e.Fun.(*ast.Ident); ok && f.Obj == nil && f.Name == "make" && len(e.Args) > 0 {
				if _, ok := e.Args[0].(*ast.ChanType); ok {
					return "chan"
				}
			}
		}
	}
	for _, e := range types {
		if star, ok := e.(*ast.StarExpr); ok {
			e = star.X
		}
		if generic, ok := e.(*ast.IndexExpr); ok {
			e = generic.X
		}
		sel, ok := e.(*ast.SelectorExpr)
		if !ok {
			continue
		}
		x, ok := sel.X.(*ast.Ident)
		if ok && (s.imported[x.Name] == "sync" || strings.HasPrefix(s.imported[x.Name], "sync/")) {
			return x.Name + "." + sel.Sel.Name
		}
	}
	return ""
}
