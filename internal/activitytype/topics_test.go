package activitytype

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTopics(t *testing.T) {
	t.Parallel()
	var parts, everyday []string
	for _, topic := range Topics {
		if len(InTopic[topic.Name]) == 0 || !strings.HasSuffix(topic.Question, "?") || !strings.HasSuffix(topic.Definition, ".") {
			t.Errorf("got %+v, want types, a question and a definition", topic)
		}
		if !slices.Contains(parts, topic.Part) {
			parts = append(parts, topic.Part)
		} else if parts[len(parts)-1] != topic.Part {
			t.Errorf("got %q apart from the other topics of %q", topic.Name, topic.Part)
		}
		if topic.Everyday > 0 {
			everyday = append(everyday, topic.Name)
		}
	}
	if names := TopicNames; len(names) != 33 || names[32] != Unclassified || len(parts) != 6 {
		t.Errorf("got the topics %v in the parts %q, want 32 and Unclassified, in 6", names, parts)
	}
	slices.Sort(everyday)
	if got := strings.Join(everyday, " "); got != "agent_activity audit_log_read content_changed content_viewed sign_in sign_in_activity sign_in_failed" {
		t.Errorf("got the everyday topics %s", got)
	}
	if got := Everyday(); len(got) < 100 || Of(got[0]).Topic != "content_changed" || Of(got[len(got)-1]).Topic != "sign_in_failed" {
		t.Errorf("got the everyday types %v, want those of the commonest topic first", got)
	}
}

// TestEachTypeHasATopic fails before a release where nobody has decided yet; until then
// such types are asked for as unclassified. It always fails for a topic that there is not.
func TestEachTypeHasATopic(t *testing.T) {
	t.Parallel()
	var undecided []string
	inTopics := 0
	for _, a := range Types {
		switch {
		case a.Topic == "" && a.State != Removed:
			undecided = append(undecided, a.Name)
		case a.Topic == "":
		case !slices.ContainsFunc(Topics, func(topic Topic) bool { return topic.Name == a.Topic }):
			t.Errorf("%s: there is no topic %q", a.Name, a.Topic)
		case a.Meaning == "" || !strings.HasSuffix(a.Meaning, "."):
			t.Errorf("%s: got the meaning %q, want a sentence", a.Name, a.Meaning)
		case slices.Contains(InTopic[a.Topic], a.Name) != (a.State != Removed):
			t.Errorf("%s: want it in %s unless it is removed; it is %s", a.Name, a.Topic, a.State)
		case a.State != Removed:
			inTopics++
		}
	}
	sum := 0
	for _, topic := range TopicNames {
		sum += len(InTopic[topic])
	}
	if sum != inTopics {
		t.Errorf("got %d types in all topics, want each of %d once", sum, inTopics)
	}
	if len(undecided) > 0 {
		t.Logf("%d types are unclassified; CONTRIBUTING.md says how one finds its topic: %s", len(undecided), strings.Join(undecided, " "))
		if os.Getenv("RELEASE") != "" {
			t.Error("a release has no unclassified types")
		}
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	undecided := group([]Type{{Name: "a", State: Listed}, {Name: "b", State: Removed, Topic: "deletion"}, {Name: "c", State: Retired, Topic: "deletion"}})
	if got := undecided["deletion"]; len(undecided) != 1 || !slices.Equal(got, []string{"c"}) {
		t.Errorf("got %v, want none without a topic, and none that is removed", undecided)
	}
}
