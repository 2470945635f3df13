package demo

import (
	"strings"
	"testing"
)

// I-01: the widget is embedded by one script. I-11: a name is shown as text.
func TestPage(t *testing.T) {
	for _, key := range []string{"zavarka", "knigi"} {
		page := string(Page(key, `Лавка <b>"Заварка"</b>`))
		if !strings.Contains(page, `<script src="/widget.js" data-key="`+key+`" async></script>`) {
			t.Errorf("%s: no widget script", key)
		}
		if strings.Contains(page, "<b>\"Заварка") || !strings.Contains(page, "Лавка &lt;b&gt;") {
			t.Errorf("%s: the name is not escaped", key)
		}
		if strings.Contains(page, "http://") || strings.Contains(page, "https://") {
			t.Errorf("%s: the page loads something from elsewhere", key)
		}
	}
	if Page("zavarka", "x") == nil || string(Page("zavarka", "x")) == string(Page("knigi", "x")) {
		t.Error("both shops look the same")
	}
	if page := string(Page(`"><script>alert(1)</script>`, "x")); strings.Contains(page, "<script>alert(1)") {
		t.Error("the key is not escaped")
	}
}
