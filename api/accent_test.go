package api

import (
	"fmt"
	"testing"
)

// Any colour the owner may choose is readable: the rules of «Widget accent» in the tokens.
func TestAccent(t *testing.T) {
	for accent, want := range map[string]string{
		"#17392D": "--ac:light-dark(#17392D,#35785c);--on:light-dark(#ffffff,#ffffff);--bd:light-dark(#17392D,#35785c);",
		"#F2C230": "--ac:light-dark(#F2C230,#F2C230);--on:light-dark(#151c18,#151c18);--bd:light-dark(#7d8a81,#F2C230);",
		"#9A3E1B": "--ac:light-dark(#9A3E1B,#9A3E1B);--on:light-dark(#ffffff,#ffffff);--bd:light-dark(#9A3E1B,#7d8a81);",
	} {
		if got := accentStyle(accent); got != want {
			t.Errorf("%s: %s, want %s", accent, got, want)
		}
	}
	for n := range 4096 {
		accent := fmt.Sprintf("#%02x%02x%02x", n>>8*17, n>>4&15*17, n&15*17)
		for _, panel := range []string{panelLight, panelDark} {
			c := accentOn(accent, panel)
			if ratio(c[0], c[1]) < 4.5 || ratio(c[2], panel) < 3 {
				t.Errorf("%s on %s: text %.2f, border %.2f", accent, panel, ratio(c[0], c[1]), ratio(c[2], panel))
			}
		}
	}
}
