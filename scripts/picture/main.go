// Command picture draws what a terminal shows as an SVG: the text on standard input, colours and all, as
// scripts/demo prints it, without the engine's lines of progress.
//
// With -check FILE it compares what an earlier picture shows instead, or the first block of text of a page
// (FILE.md), which may be a part, and exits 1 where that is not what the run printed. What differs from run
// to run does not count: times, ports, versions, the engine.
package main

import (
	"bufio"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

func main() {
	check := flag.String("check", "", "compare with the picture in this `file`")
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *check); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run(input io.Reader, output io.Writer, check string) error {
	text, err := io.ReadAll(input)
	if err != nil {
		return err
	}
	lines := parse(string(text))
	if check == "" {
		return draw(output, lines)
	}
	file, err := os.ReadFile(check)
	if err != nil {
		return err
	}
	run := stable(plain(lines))
	if strings.HasSuffix(check, ".md") {
		if shown := stable(textBlock(string(file))); shown == "" || !strings.Contains(run, shown) {
			return fmt.Errorf("the block of text in %s is\n%s\nand no part of a run:\n%s", check, shown, run)
		}
		return nil
	}
	drawn, err := textOf(file)
	if err != nil {
		return fmt.Errorf("%s: %w", check, err)
	}
	if shown := stable(drawn); shown != run {
		return fmt.Errorf("%s shows\n%s\nand a run\n%s\nrun 'make generate' and commit what it changes", check, shown, run)
	}
	return nil
}

// textBlock returns the first block of a page that is fenced as text, "" where there is none.
func textBlock(page string) string {
	_, rest, _ := strings.Cut(page, "```text\n")
	block, _, _ := strings.Cut(rest, "```")
	return block
}

// progress are the lines by which an engine shows that it is at work, in an order of chance.
var progress = regexp.MustCompile(`: (Reading\.\.\.|Read complete|Still reading)`)

// span is text in one style.
type span struct {
	text, class string
}

var escape = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// classes are those of the styles that the engines use, by the number of the escape sequence.
var classes = map[string]string{"1": "b", "4": "b", "31": "r", "32": "g", "33": "y", "36": "c"}

// parse splits text into lines of spans. A style holds until it is reset.
func parse(text string) [][]span {
	var lines [][]span
	style := map[string]bool{}
	for line := range strings.SplitSeq(strings.TrimRight(text, "\r\n"), "\n") {
		if progress.MatchString(line) {
			continue
		}
		var spans []span
		add := func(text string) {
			var class []string
			for _, name := range []string{"b", "r", "g", "y", "c"} {
				if style[name] {
					class = append(class, name)
				}
			}
			if text != "" {
				spans = append(spans, span{text: text, class: strings.Join(class, " ")})
			}
		}
		at := 0
		for _, match := range escape.FindAllStringSubmatchIndex(line, -1) {
			add(line[at:match[0]])
			at = match[1]
			for code := range strings.SplitSeq(line[match[2]:match[3]], ";") {
				if class, ok := classes[code]; ok {
					style[class] = true
				} else {
					clear(style)
				}
			}
		}
		add(strings.TrimRight(line[at:], "\r"))
		lines = append(lines, spans)
	}
	return lines
}

const (
	lineHeight = 18
	charWidth  = 8.0
	margin     = 16
)

const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[2]d" width="%[1]d" height="%[2]d" role="img" aria-label="A terminal: make demo">
<style>text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}.b{font-weight:700}.r{fill:#ff7b72}.g{fill:#7ee787}.y{fill:#e3b341}.c{fill:#79c0ff}</style>
<rect width="%[1]d" height="%[2]d" rx="8" fill="#0d1117"/>
`

func draw(output io.Writer, lines [][]span) error {
	columns := 0
	for _, line := range lines {
		width := 0
		for _, s := range line {
			width += utf8.RuneCountInString(s.text)
		}
		columns = max(columns, width)
	}
	w := bufio.NewWriter(output)
	fmt.Fprintf(w, head, int(float64(columns)*charWidth)+2*margin, len(lines)*lineHeight+2*margin)
	for i, line := range lines {
		fmt.Fprintf(w, `<text x="%d" y="%d" xml:space="preserve">`, margin, margin+i*lineHeight+13)
		for _, s := range line {
			if s.class != "" {
				fmt.Fprintf(w, `<tspan class="%s">`, s.class)
			}
			if err := xml.EscapeText(w, []byte(s.text)); err != nil {
				return err
			}
			if s.class != "" {
				fmt.Fprint(w, "</tspan>")
			}
		}
		fmt.Fprintln(w, "</text>")
	}
	fmt.Fprintln(w, "</svg>")
	return w.Flush()
}

func plain(lines [][]span) string {
	var text strings.Builder
	for _, line := range lines {
		for _, s := range line {
			text.WriteString(s.text)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

// textOf returns the lines that a picture shows.
func textOf(picture []byte) (string, error) {
	decoder := xml.NewDecoder(strings.NewReader(string(picture)))
	var text strings.Builder
	inside := false
	for {
		token, err := decoder.Token()
		switch {
		case errors.Is(err, io.EOF):
			return text.String(), nil
		case err != nil:
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			inside = inside || token.Name.Local == "text"
		case xml.EndElement:
			if token.Name.Local == "text" {
				inside = false
				text.WriteByte('\n')
			}
		case xml.CharData:
			if inside {
				text.Write(token)
			}
		}
	}
}

// changing is what differs from run to run, and from one engine to the other.
var changing = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d(:\d\d:\d\dZ)?|127\.0\.0\.1:\d+|v\d+\.\d+\.\d+(-\w+)?|OpenTofu|Terraform|activities_in_30_days += \d+|[╷│╵]`)

// stable leaves that out, and line breaks, which follow from its length and the terminal.
func stable(text string) string {
	return strings.Join(strings.Fields(changing.ReplaceAllString(text, " ")), " ")
}
