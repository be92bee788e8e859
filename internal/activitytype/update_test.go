package activitytype

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// before is the list that the script has in these tests.
const before = `# Types (3 listed on 2026-09-26; about 50 more a month)
# removed: was listed until May 2026
a_created	a_id,name?~	user_actor	listed	credential_created	A was made.	Note.
b_created			listed			
b_viewed	b_id	any	retired	content_viewed	B was seen.	
c_created	c_id	any	listed	content_changed	C was made.	
d_access			filter-only	vendor_access	D was seen.	
e_created			removed	content_changed	E was made.	
`

// TestUpdate runs scripts/update-activity-types on a list of its own.
func TestUpdate(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the script is for a shell")
	}
	header := func(first, second string) string {
		return "# Types (" + first + "; about 50 more a month)\n# removed: " + second + "\n"
	}
	changed := func(oldnew ...string) string {
		_, rows, _ := strings.Cut(before, "May 2026\n")
		return strings.NewReplacer(oldnew...).Replace(rows)
	}
	for name, test := range map[string]struct {
		input, says, want string
	}{
		"the same rows": {
			input: before,
			says:  "added:       \nremoved:     \nunclassified: b_created\n",
			want:  strings.Replace(before, "2026-09-26", "2026-10-31", 1),
		},
		"names": { // a known one keeps what is known, and a new one has nothing
			input: "f_created\na_created\nb_viewed\r\nc_created\n\n# b_created\ne_created\n",
			says:  "added:        e_created f_created\nremoved:      b_created\nunclassified: f_created\n",
			want: header("4 listed on 2026-10-31", "was listed before") + changed(
				"b_created\t\t\tlisted", "b_created\t\t\tremoved", "e_created\t\t\tremoved", "e_created\t\t\tlisted") + "f_created\t\t\tlisted\t\t\t\n",
		},
		"rows": { // of the reference's columns, and of all
			input: "c_created\tc_id,more\tuser_actor\tretired\na_created\nb_created\t\t\tlisted\tdeletion\tB was made.\tOr not.\nb_viewed\n",
			says:  "added:       \nremoved:     \nunclassified:\n",
			want: header("2 listed on 2026-10-31", "was listed until May 2026") + changed(
				"b_created\t\t\tlisted\t\t\t", "b_created\t\t\tlisted\tdeletion\tB was made.\tOr not.", "c_id\tany\tlisted", "c_id,more\tuser_actor\tretired"),
		},
		"nothing":        {input: "# only this\n", says: "expected activity types on standard input"},
		"no name":        {input: "a_created\nB created\n", says: "not: B created"},
		"too few fields": {input: "a_created\tlisted\n", says: "not: a_created\tlisted"},
		"another status": {input: "a_created\t\t\tgone\n", says: "not: a_created"},
		"no topic":       {input: "a_created\t\t\tlisted\tIt is\tmeant.\t\n", says: "not: a_created"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			script, err := os.ReadFile("../../scripts/update-activity-types")
			if err != nil {
				t.Fatal(err)
			}
			write := func(file, text string) string {
				file = filepath.Join(root, file)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return file
			}
			files := []string{
				write("internal/activitytype/activity-types.tsv", before),
				write("internal/fakeapi/testdata/activity-types.txt", "another\n"),
			}
			wants := []string{before, "another\n"}
			if test.want != "" {
				wants = []string{test.want, strings.Join(names(parse(test.want), func(t Type) bool { return t.State != Removed }), "\n") + "\n"}
			}
			command := exec.Command("bash", write("scripts/update-activity-types", string(script)), "2026-10-31")
			command.Stdin = strings.NewReader(test.input)
			output, err := command.CombinedOutput()
			if (err == nil) != (test.want != "") || !strings.Contains(string(output), test.says) {
				t.Errorf("got %v and %q, want %q", err, output, test.says)
			}
			for i, file := range files {
				if got, err := os.ReadFile(file); err != nil || string(got) != wants[i] {
					t.Errorf("%s: got\n%s%v\nwant\n%s", file, got, err, wants[i])
				}
			}
			if left, err := os.ReadDir(filepath.Dir(files[0])); err != nil || len(left) != 1 {
				t.Errorf("got %v, %v beside the list, want nothing left over", left, err)
			}
		})
	}
}
