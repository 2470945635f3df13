package api

import (
	"fmt"
	"math"
	"strconv"
)

// The widget's own colours in light and dark, and the border of what would not be seen on them («Widget accent» of the tokens).
const (
	panelLight, panelDark = "#ffffff", "#161c19"
	ownText               = "#151c18"
	seenBorder            = "#7d8a81"
)

// accentStyle is what follows from the one colour the owner sets, as custom properties of the widget's root: the colour
// (--ac), the text on it (--on) and its border (--bd). Worked out here, because the widget has no bytes to spare.
func accentStyle(accent string) string {
	light, dark := accentOn(accent, panelLight), accentOn(darkTwin(accent), panelDark)
	style := ""
	for i, name := range []string{"--ac", "--on", "--bd"} {
		style += fmt.Sprintf("%s:light-dark(%s,%s);", name, light[i], dark[i])
	}
	return style
}

// accentOn is a fill on a panel, the text on it and its border: text has 4.5 : 1 at least, and what has less than 3 : 1
// to the panel gets a border that has it.
func accentOn(fill, panel string) [3]string {
	text := "#ffffff"
	if ratio(fill, ownText) > ratio(fill, text) {
		text = ownText
	}
	if ratio(fill, text) < 4.5 {
		text = "#000000" // for the mid tones
	}
	if ratio(fill, panel) < 3 {
		return [3]string{fill, text, seenBorder}
	}
	return [3]string{fill, text, fill}
}

// darkTwin is the colour of the dark theme: only the default has one of its own.
func darkTwin(accent string) string {
	if luminance(accent) == luminance("#17392d") {
		return "#35785c"
	}
	return accent
}

// ratio is the contrast of two colours (WCAG 2).
func ratio(a, b string) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

func luminance(hex string) float64 {
	n, _ := strconv.ParseUint(hex[1:], 16, 32) // the form of an accent was checked when it was set
	sum := 0.0
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
		c := float64(n>>(8*i)&255) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}
