package provider

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/compliance-feed/terraform-provider-compliance/internal/activity"
)

// reviewedMap is the rule for activities that somebody has looked at: exact IDs, each with a
// reason.
var reviewedMap = rule{"a map from IDs of activities to reasons", func(value attr.Value, at path.Path, diags *diag.Diagnostics) {
	reasons := value.(types.Map).Elements()
	for _, id := range slices.Sorted(maps.Keys(reasons)) {
		at := at.AtMapKey(id)
		switch {
		case strings.Contains(id, "*"):
			refuse(diags, at, "The key "+quoted(id)+" is a pattern, and nobody has looked at every activity that it matches. Name the ID of one that somebody has.")
		case id == "" || strings.Trim(id, letters+"0123456789_-.:") != "":
			refuse(diags, at, "The key "+quoted(id)+" is no ID of an activity. IDs look like activity_01AbC; copy it from the message of the gate.")
		}
		if reason := reasons[id].(types.String); !reason.IsUnknown() && strings.TrimSpace(reason.ValueString()) == "" {
			refuse(diags, at, "There is no reason why the activity is fine. Write it as the value, for whoever approves this and for later.")
		}
	}
}}

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
