package provider

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func TestTwinsHaveTheSameSchema(t *testing.T) {
	t.Parallel()
	schema := start(t, newTestProvider()).schema
	requireEqual(t, "ephemeral resources", sorted(schema.EphemeralResourceSchemas), sorted(schema.DataSourceSchemas))
	for name, dataSource := range schema.DataSourceSchemas {
		if got := schema.EphemeralResourceSchemas[name]; !reflect.DeepEqual(got, dataSource) {
			t.Errorf("%s: got another schema for the ephemeral resource:\n%+v\nwant\n%+v", name, got.Block, dataSource.Block)
		}
	}
}

func TestSchemaNames(t *testing.T) {
	t.Parallel()
	schema := start(t, newTestProvider()).schema
	arguments := func(s *tfprotov6.Schema) (optional, computed []string) {
		for _, attribute := range s.Block.Attributes { // sorted by name
			switch {
			case attribute.Computed && !attribute.Optional:
				computed = append(computed, attribute.Name)
			case attribute.Optional && !attribute.Computed:
				optional = append(optional, attribute.Name)
			default:
				t.Errorf("%s is neither an argument nor a result: %+v", attribute.Name, attribute)
			}
		}
		return optional, computed
	}

	optional, _ := arguments(schema.Provider)
	requireEqual(t, "provider arguments", optional, []string{
		"anthropic_version", "api_key", "base_url", "key_organization_id", "max_concurrent_requests", "max_retries", "rate_limit_rpm", "request_timeout",
	})

	optional, computed := arguments(schema.DataSourceSchemas[listName])
	requireEqual(t, "arguments", optional, []string{
		"activity_types", "actor_ids", "after_id", "before_id", "created_at_gt", "created_at_gte", "created_at_lt", "created_at_lte",
		"except", "exclude_activity_types", "limit", "lookback", "max_results", "order", "organization_ids", "reviewed", "timeouts", "topics",
	})
	requireEqual(t, "results", computed, []string{"activities", "excepted", "first_id", "has_more", "key_organization_id", "last_id", "request_id", "reviewed_ids", "window"})

	optional, computed = arguments(schema.DataSourceSchemas[summaryName])
	requireEqual(t, "arguments of the summary", optional, []string{
		"activity_types", "actor_ids", "baseline", "created_at_gt", "created_at_gte", "created_at_lt", "created_at_lte",
		"except", "exclude_activity_types", "group_by", "lookback", "max_groups", "min_count", "organization_ids", "reviewed", "timeouts", "topics", "within",
	})
	requireEqual(t, "results of the summary", computed, []string{
		"by_actor_type", "by_day", "by_organization", "by_type", "excepted", "groups", "key_organization_id", "listing", "more_groups", "newest", "newest_created_at", "oldest_created_at",
		"request_id", "reviewed_ids", "total", "window",
	})
}

// Editors show descriptions, and the elements of a list have none of their own.
func TestDescriptionsNameTheFieldsOfElements(t *testing.T) {
	t.Parallel()
	schema := start(t, newTestProvider()).schema
	for _, list := range []struct {
		object, attribute string
		elements          []types.ObjectType
	}{
		{listName, "activities", []types.ObjectType{activityType, actorType}},
		{summaryName, "newest", []types.ObjectType{latestType}},
		{summaryName, "groups", []types.ObjectType{groupType, usualType}},
		{summaryName, "window", []types.ObjectType{{AttrTypes: map[string]attr.Type{"start": types.StringType, "end": types.StringType}}}},
	} {
		for _, attribute := range schema.DataSourceSchemas[list.object].Block.Attributes {
			if attribute.Name != list.attribute {
				continue
			}
			for _, element := range list.elements {
				for field := range element.AttrTypes {
					if !strings.Contains(attribute.Description, "`"+field+"`") {
						t.Errorf("the description of %s does not name %s: %s", list.attribute, field, attribute.Description)
					}
				}
			}
		}
	}
}

// The table of an actor's fields on the page of the list is that of package activity.
func TestPageHasTheFields(t *testing.T) {
	t.Parallel()
	var got []string
	for row := range strings.Lines(fileText(t, "../../templates/data-sources/activities.md.tmpl")) {
		if cells := strings.Split(row, "|"); len(cells) > 2 && strings.HasPrefix(cells[1], " `") {
			got = append(got, strings.Fields(strings.ReplaceAll(cells[1], "`", ""))...)
		}
	}
	slices.Sort(got)
	requireEqual(t, "fields in the table", got, sorted(actorType.AttrTypes))
}

func TestOnlyTheKeyIsSensitive(t *testing.T) {
	t.Parallel()
	schema := start(t, newTestProvider()).schema
	for _, attribute := range schema.Provider.Block.Attributes {
		if want := attribute.Name == "api_key"; attribute.Sensitive != want {
			t.Errorf("provider argument %s: got sensitive = %t, want %t", attribute.Name, attribute.Sensitive, want)
		}
	}
	// A sensitive attribute spoils every expression that it is in, and in a list it makes
	// plans take minutes.
	for name, dataSource := range schema.DataSourceSchemas {
		for _, attribute := range dataSource.Block.Attributes {
			if attribute.Sensitive {
				t.Errorf("%s: %s is sensitive", name, attribute.Name)
			}
		}
	}
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	schema := start(t, newTestProvider()).schema
	check := func(owner string, block *tfprotov6.SchemaBlock) {
		if owner != "" && block.Description == "" {
			t.Errorf("%s has no description", owner)
		}
		for _, attribute := range block.Attributes {
			if attribute.Description == "" {
				t.Errorf("%s: %s has no description", owner, attribute.Name)
			}
		}
	}
	check("provider", schema.Provider.Block)
	for name, dataSource := range schema.DataSourceSchemas {
		check(name, dataSource.Block)
	}
}
