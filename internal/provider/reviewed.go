package provider

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// reviewedMap is the rule for activities that somebody has looked at: exact IDs, each with a
// reason.
type reviewedMap struct{}

func (reviewedMap) Description(context.Context) string {
	return "keys must be IDs of activities, and values reasons"
}

func (v reviewedMap) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// idCharacters are those that an activity's ID may have.
const idCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:"

func (reviewedMap) ValidateMap(_ context.Context, req validator.MapRequest, resp *validator.MapResponse) {
	for _, id := range slices.Sorted(maps.Keys(req.ConfigValue.Elements())) {
		reason, _ := req.ConfigValue.Elements()[id].(types.String)
		at := pathOf(req.Path.AtMapKey(id))
		refuse := func(detail string) { resp.Diagnostics.AddAttributeError(at, "Invalid "+at.String(), detail) }
		switch {
		case strings.Contains(id, "*"):
			refuse("The key " + quoted(id) + " is a pattern, and nobody has looked at every activity that it matches. Name the ID of one that somebody has.")
		case id == "" || strings.Trim(id, idCharacters) != "":
			refuse("The key " + quoted(id) + " is no ID of an activity. IDs look like activity_01AbC; copy it from the message of the gate.")
		}
		if !reason.IsUnknown() && strings.TrimSpace(reason.ValueString()) == "" {
			refuse("There is no reason why the activity is fine. Write it as the value, for whoever approves this and for later.")
		}
	}
}

// reviewed are the IDs of activities that somebody has looked at, each with whether it was
// among what was read.
type reviewed map[string]bool

func newReviewed(configured types.Map) reviewed {
	ids := reviewed{}
	for id := range configured.Elements() {
		ids[id] = false
	}
	return ids
}

// match says whether somebody has looked at an activity. Reads ask it one after the other.
func (r reviewed) match(a *activity.Activity) bool {
	_, match := r[a.ID]
	if match {
		r[a.ID] = true
	}
	return match
}

// met is the value of reviewed_ids.
func (r reviewed) met() []string {
	ids := []string{} // and not null
	for id, met := range r {
		if met {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
